"""Renders a view of a room: two bounces of light, glossy reflections, exact depth.

Embree casts the rays of a whole image at once. Kinds of light are stored separately: direct and
bounced irradiance is denoised and multiplied by the albedo, mirrored light is denoised gently, and
directly visible light is not denoised.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt32

from depth_unet.camera.intrinsics import Intrinsics
from depth_unet.rooms.render import kernels, transport
from depth_unet.rooms.render.casting import Caster, Hits
from depth_unet.rooms.render.film import Film, SampleSurfaces
from depth_unet.rooms.scene import Pose

BOUNCE_CONE = 0.05  # Width of diffuse rays per metre: they use coarse texture levels.
MIRROR_CONE = 0.004
CONE_START_M = 3.0  # Length added to secondary rays: about the distance of the camera.
LEAST_GLOSS = 0.02  # Surfaces with less gloss reflect nothing.
MAX_MIRRORED = 8.0  # Brighter reflections at few samples are fireflies.
FIREFLY_FACTOR = 18.0  # Bounced light is clipped at this many times its mean.
LOST_FACTOR = np.float32(2)  # Limit, times the mean, of light at points without an owner pixel.
MORE_BOUNCES = 0.7  # Light of the third and later bounces, as a share of the second's mean.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rendering:
    """One view of a room.

    Attributes:
        radiance: Linear red, green and blue, >= 0.
        depth_m: Along the optical axis at pixel centres, metres; 0 if a ray hits nothing.
    """

    radiance: Float32[np.ndarray, "h w 3"]
    depth_m: Float32[np.ndarray, "h w"]


@dataclass(slots=True, kw_only=True, eq=False)
class _Tracer:
    """The state that all samples of a view share."""

    caster: Caster
    origins_m: Float32[np.ndarray, "p 3"]
    directions: Float32[np.ndarray, "p 3"]
    step_x: Float32[np.ndarray, "3"]
    step_y: Float32[np.ndarray, "3"]
    order: Int64[np.ndarray, " p"]
    parity: Int64[np.ndarray, " p"]
    shifts: UInt32[np.ndarray, " d"]
    film: Film
    ambient: Float32[np.ndarray, "3"]
    max_bounced: float = 0.0


def render(
    caster: Caster, pose: Pose, intrinsics: Intrinsics, *, samples: int, seed: int
) -> Rendering:
    """Render the view of a camera in a room, with ``samples`` >= 1 light paths per pixel.

    The same arguments give the same bytes in every process of one machine.
    """
    tracer = _set_up(caster, pose, intrinsics, seed)
    for sample in range(samples):
        _trace(tracer, sample, samples)
    depth_m = tracer.film.depth_m.reshape(intrinsics.height, intrinsics.width)
    return Rendering(radiance=tracer.film.develop(), depth_m=depth_m)


def pixel_rays(pose: Pose, intrinsics: Intrinsics) -> Float32[np.ndarray, "p 3"]:
    """Rays through the pixel centres, row by row, of length 1 along the optical axis.

    Distances in multiples of such a ray are therefore depths.
    """
    columns = (np.arange(intrinsics.width) - intrinsics.cx_px) / intrinsics.fx_px
    rows = (np.arange(intrinsics.height) - intrinsics.cy_px) / intrinsics.fy_px
    forward, right, down = (
        np.asarray(axis, np.float64) for axis in (pose.forward, pose.right, pose.down)
    )
    rays = forward + columns[None, :, None] * right + rows[:, None, None] * down
    return np.ascontiguousarray(rays.reshape(-1, 3), dtype=np.float32)


def _set_up(caster: Caster, pose: Pose, intrinsics: Intrinsics, seed: int) -> _Tracer:
    directions = pixel_rays(pose, intrinsics)
    num = len(directions)
    rows, columns = np.divmod(np.arange(num), intrinsics.width)
    numbers = np.random.default_rng([seed, 0]).integers(0, 1 << 32, kernels.NUM_DIMENSIONS)
    return _Tracer(
        caster=caster,
        origins_m=np.tile(np.asarray(pose.origin_m, np.float32), (num, 1)),
        directions=directions,
        step_x=np.asarray(pose.right / intrinsics.fx_px, np.float32),
        step_y=np.asarray(pose.down / intrinsics.fy_px, np.float32),
        order=_interleave(columns) | _interleave(rows) << 1,
        parity=(rows + columns) & 1,
        shifts=numbers.astype(np.uint32),
        film=Film.blank(intrinsics.height, intrinsics.width),
        ambient=np.zeros(3, np.float32),
    )


def _interleave(values: Int64[np.ndarray, " p"]) -> Int64[np.ndarray, " p"]:
    """Insert a zero bit between the bits of numbers below 65,536."""
    spread = values.astype(np.int64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        spread = (spread | spread << shift) & mask
    return spread


def _trace(tracer: _Tracer, sample: int, samples: int) -> None:
    """Add one path per pixel; those of the first sample pass through the pixel centres."""
    caster, film, shifts = tracer.caster, tracer.film, tracer.shifts
    indices, directions = tracer.order * samples + sample, tracer.directions
    if sample:
        directions = kernels.jitter_rays(directions, tracer.step_x, tracer.step_y, indices, shifts)
    cone = float(np.linalg.norm(tracer.step_x))
    points, emission, hits = _cast(caster, tracer.origins_m, directions, cone=cone, start_m=0)
    if not sample:
        _record_centres(tracer, points, hits)
    film.unfiltered += emission
    indices, owner = indices[points.ray], film.owners(points)
    film.surfaces.append(SampleSurfaces(points.ray, owner, points.albedo))
    _add_direct(tracer, points, indices, owner)
    own = owner == points.ray
    # Bounced light varies slowly and is filtered widely: every second pixel is enough.
    own &= (tracer.parity[points.ray] == sample & 1) | (samples == 1)
    chosen = np.nonzero(own)[0]
    _add_bounced(tracer, _select(points, chosen), indices[chosen])
    chosen = np.nonzero(points.gloss > LEAST_GLOSS)[0]
    if len(chosen):
        _add_mirrored(tracer, directions, _select(points, chosen), indices[chosen])


def _record_centres(tracer: _Tracer, points: kernels.Points, hits: Hits) -> None:
    """Store depth, position and normal at the pixel centres."""
    film = tracer.film
    film.normals[points.ray] = points.normal
    film.depth_m = kernels.depth_of(
        tracer.origins_m, tracer.directions, hits.distance, tracer.caster.lights
    )
    film.positions_m = tracer.origins_m + tracer.directions * film.depth_m[:, None]


def _add_direct(
    tracer: _Tracer,
    points: kernels.Points,
    indices: Int64[np.ndarray, " n"],
    owner: Int64[np.ndarray, " n"],
) -> None:
    """Add the direct light at ``points``."""
    film = tracer.film
    direct = _direct(tracer.caster, points, indices, 2, tracer.shifts)
    own = np.nonzero(owner == points.ray)[0]
    kernels.add_rows(film.direct, points.ray[own], direct[own])
    film.num_direct[points.ray[own]] += 1
    lost = np.nonzero(owner < 0)[0]
    # Not denoised, so a single bright path would be visible.
    most = LOST_FACTOR * direct.mean(axis=0) if len(direct) else np.float32(0)
    light = points.albedo[lost] * (np.minimum(direct[lost], most) + tracer.ambient)
    kernels.add_rows(film.unfiltered, points.ray[lost], light)


def _select(points: kernels.Points, rows: Int64[np.ndarray, " k"]) -> kernels.Points:
    return kernels.Points(*(np.take(array, rows, axis=0) for array in points))


def _direct(
    caster: Caster,
    points: kernels.Points,
    indices: Int64[np.ndarray, " n"],
    dimension: int,
    shifts: UInt32[np.ndarray, " d"],
) -> Float32[np.ndarray, "n 3"]:
    rays = transport.light_rays(points, caster.lights, indices, dimension, shifts)
    occluded = caster.occluded(rays.origin_m, rays.direction, rays.distance_m)
    return np.asarray(transport.gather(len(points.ray), rays, occluded))


def _add_bounced(tracer: _Tracer, points: kernels.Points, indices: Int64[np.ndarray, " n"]) -> None:
    """Add the light that reaches ``points`` from other surfaces."""
    caster, shifts = tracer.caster, tracer.shifts
    directions = transport.scatter(points.normal, indices, 7, shifts)
    seen, _, _ = _cast(caster, points.position_m, directions, cone=BOUNCE_CONE, with_lights=False)
    light = _direct(caster, seen, indices[seen.ray], 9, shifts)
    sent = light * seen.albedo
    if not tracer.max_bounced:
        mean = sent.mean(axis=0) if len(sent) else np.zeros(3, np.float32)
        tracer.ambient = (MORE_BOUNCES * mean).astype(np.float32)
        tracer.max_bounced = max(FIREFLY_FACTOR * 1.5 * float(mean.mean()), 1e-3)
    sent += seen.albedo * tracer.ambient
    brightest = np.maximum(np.maximum(sent[:, 0], sent[:, 1]), sent[:, 2])
    sent /= np.maximum(brightest / np.float32(tracer.max_bounced), 1)[:, None]
    kernels.add_rows(tracer.film.bounced, points.ray[seen.ray], sent)
    tracer.film.num_bounced[points.ray] += 1


def _add_mirrored(
    tracer: _Tracer,
    directions: Float32[np.ndarray, "p 3"],
    points: kernels.Points,
    indices: Int64[np.ndarray, " n"],
) -> None:
    """Add the light that glossy ``points`` reflect."""
    caster, shifts = tracer.caster, tracer.shifts
    mirrored, share = transport.mirror(
        directions[points.ray], points.normal, points.gloss, indices, 14, shifts
    )
    seen, light, _ = _cast(caster, points.position_m, mirrored, cone=MIRROR_CONE)
    sent = _direct(caster, seen, indices[seen.ray], 16, shifts)
    light[seen.ray] += seen.albedo * (sent + 2 * tracer.ambient)
    light = share[:, None] * np.minimum(light, MAX_MIRRORED)
    kernels.add_rows(tracer.film.mirrored, points.ray, light)


def _cast(
    caster: Caster,
    origins_m: Float32[np.ndarray, "n 3"],
    directions: Float32[np.ndarray, "n 3"],
    *,
    cone: float,
    start_m: float = CONE_START_M,
    with_lights: bool = True,
) -> tuple[kernels.Points, Float32[np.ndarray, "n 3"], Hits]:
    """Cast rays; return the surface points, the directly visible light and the raw hits."""
    hits = caster.nearest(origins_m, directions)
    widths = np.float32(cone), np.float32(start_m)
    points, emission = kernels.shade(
        origins_m, directions, hits, caster.arrays.surfaces, caster.lights, with_lights, *widths
    )
    return points, emission, hits
