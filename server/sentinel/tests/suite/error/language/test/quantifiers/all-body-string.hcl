# The error lies at: all [1] as v { "x" }
param "pick" {
  value = "all-body-string"
}

test {
  rules = {
    main = false
  }
}
