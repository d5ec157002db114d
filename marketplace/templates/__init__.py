"""The texts that are signed, in Chinese and with an English reading copy, and who fills them."""
