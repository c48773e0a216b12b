# The error lies at: if null {
param "pick" {
  value = "if-null"
}

test {
  rules = {
    main = false
  }
}
