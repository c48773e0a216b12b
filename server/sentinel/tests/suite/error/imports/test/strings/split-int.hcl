# The error lies at: strings.split(1, ",")
param "pick" {
  value = "split-int"
}

test {
  rules = {
    main = false
  }
}
