"""The forms in which people have labelled faces, read item by item. Trusts none of them."""
