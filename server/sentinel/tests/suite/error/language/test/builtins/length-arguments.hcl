# The error lies at: length("a", "b")
param "pick" {
  value = "length-arguments"
}

test {
  rules = {
    main = false
  }
}
