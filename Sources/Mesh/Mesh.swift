/// Mesh.
