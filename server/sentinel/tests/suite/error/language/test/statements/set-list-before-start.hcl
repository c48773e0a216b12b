# The error lies at: xs[-2] = 2
param "pick" {
  value = "set-list-before-start"
}

test {
  rules = {
    main = false
  }
}
