"""A textured mesh as one GLB file, for 3D viewers and modelling programs."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from depth_unet.arrays import UInt8
from depth_unet.errors import DataError
from depth_unet.files.atomic import replacing
from depth_unet.outputs.mesh import Mesh

MAX_TEXTURE_PX = 2048
_JPEG_QUALITY = 90
_TO_GLTF = np.array((1, -1, -1), dtype=np.float32)  # y up, z backward: the room stands upright


def write_glb(
    mesh: Mesh, image: UInt8[np.ndarray, "h w 3"], path: Path, extras: dict[str, str]
) -> None:
    """Write the mesh, textured with the photo, as binary glTF 2.0.

    The axes become glTF's: x right, y up, z backward, metres. The photo already contains the
    light, so the material is unlit (KHR_materials_unlit; viewers without that extension see a
    rough, non-metallic one) and double-sided.

    Args:
        mesh: At least one triangle.
        image: The photo, RGB, 0 to 255, of any size; it is embedded as JPEG with at most 2048
            pixels on its longer side.
        path: The file to write; missing parent folders are made. An existing file is replaced.
        extras: Metadata of the scene, such as unit and model.

    Raises:
        DataError: The mesh has no triangle; a parent of ``path`` is a regular file, or the folder
            cannot be made.
    """
    from trimesh import Scene, Trimesh
    from trimesh.exchange.gltf import export_glb
    from trimesh.visual.material import PBRMaterial
    from trimesh.visual.texture import TextureVisuals

    if not len(mesh.faces):
        raise DataError(
            f"no triangle to write to {path}; a mesh needs four neighbouring pixels with depth; "
            "leave out fewer pixels: raise edge or max_uncertainty"
        )
    material = PBRMaterial(  # type: ignore[no-untyped-call]
        name="photo",
        baseColorTexture=_texture(image),
        metallicFactor=0.0,
        roughnessFactor=1.0,
        doubleSided=True,
    )
    visual = TextureVisuals(  # type: ignore[no-untyped-call]
        uv=mesh.uv * (1, -1) + (0, 1),  # trimesh counts v from below and flips it when it writes
        material=material,
    )
    surface = Trimesh(
        vertices=mesh.vertices_m * _TO_GLTF, faces=mesh.faces, visual=visual, process=False
    )

    def finish(tree: dict[str, Any]) -> None:
        tree["scenes"][0]["extras"] = dict(extras)
        tree["materials"][0]["extensions"] = {"KHR_materials_unlit": {}}
        tree["extensionsUsed"] = ["KHR_materials_unlit"]

    data: bytes = export_glb(  # type: ignore[no-untyped-call]
        Scene(surface), include_normals=False, tree_postprocessor=finish
    )
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def _texture(image: UInt8[np.ndarray, "h w 3"]) -> Image.Image:
    picture = Image.fromarray(image)
    picture.thumbnail((MAX_TEXTURE_PX, MAX_TEXTURE_PX))  # keeps the shape, never enlarges
    # trimesh would write PNG, ten times the size, if the format were not JPEG.
    picture.format = "JPEG"
    picture.encoderinfo = {"quality": _JPEG_QUALITY}
    return picture
