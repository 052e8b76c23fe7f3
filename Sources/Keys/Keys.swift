/// Keys.
