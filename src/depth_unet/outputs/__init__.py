"""Files that hold a prediction: depth images, point clouds, meshes."""
