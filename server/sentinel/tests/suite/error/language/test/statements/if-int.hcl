# The error lies at: if 1 {
param "pick" {
  value = "if-int"
}

test {
  rules = {
    main = false
  }
}
