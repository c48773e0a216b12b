# The error lies at: any [1] as v { 1 }
param "pick" {
  value = "any-body-int"
}

test {
  rules = {
    main = false
  }
}
