test { rules = { main = true
