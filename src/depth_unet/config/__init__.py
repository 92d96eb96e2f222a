"""Every setting of a training run, checked when it is made; standard library only."""
