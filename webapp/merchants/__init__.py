"""商家 Merchants: the counter where a code is turned into the thing it stands for."""
