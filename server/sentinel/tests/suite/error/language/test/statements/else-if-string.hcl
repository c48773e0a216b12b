# The error lies at: if "x" {
param "pick" {
  value = "else-if-string"
}

test {
  rules = {
    main = false
  }
}
