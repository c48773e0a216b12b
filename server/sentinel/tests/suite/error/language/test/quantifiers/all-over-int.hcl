# The error lies at: all 3 as v { true }
param "pick" {
  value = "all-over-int"
}

test {
  rules = {
    main = false
  }
}
