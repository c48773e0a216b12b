# The error lies at: strings.to_upper(["a"])
param "pick" {
  value = "to-upper-list"
}

test {
  rules = {
    main = false
  }
}
