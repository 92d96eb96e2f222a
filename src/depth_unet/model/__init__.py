"""The network: blocks, attention, the map to metres, and the U-Net made of them."""
