/// Voice.
