"""From rows to changes: encoding, values, keys, differences, and the requests for them."""
