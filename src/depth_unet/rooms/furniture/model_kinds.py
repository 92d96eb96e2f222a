"""Assigns models to kinds of furniture by name, category and size."""

import re

from depth_unet.rooms.furniture.models import Model

MAX_SIDE_M = 3.2
MAX_SMALL_M = (0.5, 0.5, 0.65)
MIN_SMALL_M = 0.03
KIND_NAMES = {
    "armchair": r"(winchester |rattan |modern )?armchair|puff",
    "bath": r"bath|corner bathtub|island bath",
    "bed": r"(baby |child |hospital )?bed|crib|day bed|captain's bed|futon|iron bed",
    "bedside": r"bedside table",
    "bench": r"bench|wood bank|little bank|painted bench",
    "bin": r"dustbin|bullet trash can|recycling bin|clothes basket",
    "box": (
        r"((open )?cardboard )?box|crate|suitcase|barrel|trunck|backpack|briefcase|handbag|"
        r"basketball|soccer ball|teddy bear|rocking horse|extinguisher|electric guitar|umbrella|"
        r"shopping basket"
    ),
    "bunk_bed": r"bunk bed|mezzanine bed",
    "cabinet": r"cupboard|chest|safe|dressing table|double vanity",
    "chair": r"((oak|osaka|plastic|folding|cafe|teck|class) )?(chair|seat)|chair with cushion",
    "coat_rack": r"clothes rack|wall hanger",
    "coffee_table": r"coffee table|glass table",
    "counter": r"lower cabinet|drawers cabinet|sink cabinet|small lower cabinet",
    "desk": r"desk|technical table|wooden desk|desk table|workbench",
    "dresser": r"dresser with drawers|changing table|drawers|chest",
    "filing_cabinet": r"filing cabinet",
    "floor_lamp": r"lamp",
    "fridge": r"fridge|large fridge|refrigerator",
    "kitchen_sink": r"sink cabinet|sink",
    "locker": r"locked locker",
    "office_chair": r"armchair",
    "piano": r"grand piano|upright piano",
    "plant": r"(indoor |decorative )?plant|yucca|ficus|bamboo|cactus|spathiphyllum",
    "radiator": r"radiator",
    "round_table": r"round table|oak table|table with tablecloth",
    "shelf": r"(full )?bookcase|(vertical )?shelves",
    "shower": r"shower stall",
    "sink": r"washbasin|vanity|small lavatory",
    "sofa": r"((winchester|burlap|clear|rattan|corner) )?sofa|(futon )?couch|sofa . seats",
    "stool": r"stool|bar stool|bar chair|piano bench|ryokan chair",
    "stove": r"cooker|large stove|furnace",
    "table": r"table|(wooden|oak|black|rattan|folding|wooden alder|wooden teak|bar|cafe) table",
    "toilet": r"toilets unit|bidet",
    "tv_stand": r"television cabinet|tv stand|contemporary living room",
    "wardrobe": r"wardrobe|high cabinet|cupboard",
    "washer": r"washing machine|clothes washing machine|dryer machine",
}
"""Patterns for the whole name, in lower case, without its number."""
HEIGHTS_M = {
    "bed": (0.3, 1.5),
    "box": (0.15, 1.15),
    "desk": (0.6, 1.2),
    "bench": (0.3, 1.1),
    "cabinet": (0.4, 1.6),
    "coffee_table": (0.2, 0.55),
    "dresser": (0.5, 1.4),
    "floor_lamp": (1.0, 2.0),
    "locker": (1.0, 2.2),
    "plant": (0.55, 2.1),
    "round_table": (0.6, 0.85),
    "table": (0.6, 0.9),
    "wardrobe": (1.45, 2.4),
}
FLAT = {
    *("bedside", "box", "cabinet", "coffee_table", "counter", "desk", "dresser", "round_table"),
    *("filing_cabinet", "table", "washer", "kitchen_sink"),
}
"""Kinds with a free upper side even if the library gives no height for it."""
UNSUITABLE = re.compile(
    r"knife.*|scissors|tatami|pallet|.*container|fence|.*sign|potty|.*door.*|.*plug|.*socket|"
    r".*switch|bill .*|surveillance camera|cctv|.*detector|.*lamppost|cooktop|induction.*|biplane|"
    r".*head and.*|comb|keys|ring|puzzle|card game|text marker|pencil|ruler|number lock|hat|"
    r"tape measure|medicine.*|tennis racket|toilet brush|.*dispenser|outdoor lamp|wall .*|towel.*|"
    r"thermometer|air .*|frame chambord|((small )?upper|upper shelves|glass door) cabinet|"
    r"(range )?hood"
)
"""Models that do not stand on tops: too small, hung on walls, or from outside homes."""


def kinds_of(model: Model) -> tuple[str, ...]:
    """Kinds of ``shapes.MAKERS`` that a model fits, or ``small``; empty if it is not used."""
    name = re.sub(r" \d+$", "", model.name.lower())
    if model.category == "Office" and name == "armchair":
        return ("office_chair",)
    found = tuple(
        kind
        for kind, pattern in KIND_NAMES.items()
        if kind != "office_chair" and re.fullmatch(pattern, name) and _fits(model, kind)
    )
    if found or not _is_small(model) or UNSUITABLE.fullmatch(name):
        return found
    return ("small",)


def top_of(model: Model, kind: str) -> float | None:
    """Height of a surface for small things, metres, or None."""
    if model.top_m is None and kind in FLAT:
        return model.size_m[2]
    return model.top_m


def _fits(model: Model, kind: str) -> bool:
    low, high = HEIGHTS_M.get(kind, (0.2, 2.4))
    is_on_floor = model.elevation_m < 0.15
    return low <= model.size_m[2] <= high and max(model.size_m) < MAX_SIDE_M and is_on_floor


def _is_small(model: Model) -> bool:
    is_inside = all(side <= limit for side, limit in zip(model.size_m, MAX_SMALL_M, strict=True))
    return is_inside and max(model.size_m) > MIN_SMALL_M and model.elevation_m == 0
