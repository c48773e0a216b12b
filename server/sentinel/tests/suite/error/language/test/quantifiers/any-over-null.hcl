# The error lies at: any null as v { true }
param "pick" {
  value = "any-over-null"
}

test {
  rules = {
    main = false
  }
}
