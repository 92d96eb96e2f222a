"""The options of each command, in one file per group of commands; docstrings are the help texts.

Standard library and tyro only, so that help never imports torch.
"""
