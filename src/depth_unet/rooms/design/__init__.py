"""The design of a room: shell, furniture, things on walls, small things."""
