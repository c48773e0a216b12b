# The error lies at: map true as v { v }
param "pick" {
  value = "map-over-bool"
}

test {
  rules = {
    main = false
  }
}
