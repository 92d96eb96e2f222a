"""Take the photos and depth of one room: scene, poses, light, sensor. Loads the renderer."""

import math

import numpy as np
from numpy.random import Generator

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.camera.nyu import NYU_CAMERA
from depth_unet.errors import DataError
from depth_unet.images.millimetres import as_millimetres
from depth_unet.rooms.design.compose import make_scene
from depth_unet.rooms.options import RoomPlan, RoomsOptions
from depth_unet.rooms.render.casting import Caster
from depth_unet.rooms.render.render import render
from depth_unet.rooms.scene import Pose, Scene
from depth_unet.rooms.shots.poses import walk
from depth_unet.rooms.shots.sensor import Sensor, photograph
from depth_unet.rooms.shots.shot import RoomShots, Shot
from depth_unet.rooms.shots.views import choose_views

MOST_ATTEMPTS = 8


def take_shots(plan: RoomPlan) -> RoomShots:
    """Build a planned room and photograph it; the same plan gives the same arrays.

    Raises:
        DataError: None of eight attempts gives a room with enough usable views.
    """
    options = plan.options
    for attempt in range(MOST_ATTEMPTS):
        entropy = np.random.SeedSequence([options.seed, plan.number, attempt])
        scene_seed, camera_seed, view_seed, light_seed, sensor_seed = (
            int(state) for state in entropy.generate_state(5)
        )
        scene = make_scene(scene_seed, furniture=options.furniture, split=plan.split)
        caster = Caster(scene)
        camera = draw_camera(options, np.random.default_rng(camera_seed))
        rng = np.random.default_rng(view_seed)
        poses = _poses(scene, caster, options, rng, camera)
        if len(poses) < options.frames_per_room:
            continue
        frames = []
        for number, pose in enumerate(poses[: plan.num_frames]):
            seed = np.random.SeedSequence([light_seed, number]).generate_state(1)[0]
            rendering = render(caster, pose, camera, samples=options.samples, seed=int(seed))
            # All frames of a walk share one sensor, so that the exposure does not flicker.
            sensor = Sensor.draw(
                np.random.default_rng([sensor_seed, 0 if options.walk else number])
            )
            noise = np.random.default_rng([sensor_seed, number, 1])
            photo = photograph(rendering.radiance, sensor, noise)
            frames.append(Shot(photo=photo, depth_mm=as_millimetres(rendering.depth_m), pose=pose))
        return RoomShots(
            kind=scene.kind, size_m=scene.size_m, intrinsics=camera, frames=tuple(frames)
        )
    raise DataError(
        f"room {plan.number} of seed {options.seed} has fewer than {options.frames_per_room} "
        f"usable views in {MOST_ATTEMPTS} attempts; choose fewer --views or another --seed"
    )


def draw_camera(options: RoomsOptions, rng: Generator) -> Intrinsics:
    """NYU's camera scaled to the longer side or, with ``fov``, one with a random field of view."""
    width, height = options.width, options.height
    if options.fov is not None:
        half_rad = math.radians(float(rng.uniform(*options.fov))) / 2
        return Intrinsics.centred(width, height, width / 2 / math.tan(half_rad))
    scale = max(width, height) / NYU_CAMERA.width
    return Intrinsics(
        width=width,
        height=height,
        fx_px=NYU_CAMERA.fx_px * scale,
        fy_px=NYU_CAMERA.fy_px * scale,
        cx_px=(width - 1) / 2 + (NYU_CAMERA.cx_px - (NYU_CAMERA.width - 1) / 2) * scale,
        cy_px=(height - 1) / 2 + (NYU_CAMERA.cy_px - (NYU_CAMERA.height - 1) / 2) * scale,
    )


def _poses(
    scene: Scene, caster: Caster, options: RoomsOptions, rng: Generator, camera: Intrinsics
) -> list[Pose]:
    """Poses for a complete room; a shorter last room uses the first of them."""
    if options.walk:
        return walk(scene, options.walk, rng)
    return choose_views(scene, caster, options.views, rng, camera)
