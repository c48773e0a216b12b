# The error lies at: strings.replace(true, "t", "u")
param "pick" {
  value = "replace-bool"
}

test {
  rules = {
    main = false
  }
}
