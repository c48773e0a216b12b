# The error lies at: return inside
param "pick" {
  value = "name-dies-with-the-loop"
}

test {
  rules = {
    main = false
  }
}
