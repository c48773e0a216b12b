# The error lies at: "1" matches 1
param "pick" {
  value = "int-pattern"
}

test {
  rules = {
    main = false
  }
}
