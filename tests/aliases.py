"""YAML that is small as text and larger than any memory as values."""

MULTIPLYING = "\n".join(
    [
        "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]",
        *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 11)),
    ]
)
"""Lines of a mapping: the alias ``*a10`` stands for 9^11 values."""
