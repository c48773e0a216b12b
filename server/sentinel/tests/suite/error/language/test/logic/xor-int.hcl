# The error lies at: true xor 1
param "pick" {
  value = "xor-int"
}

test {
  rules = {
    main = false
  }
}
