# The error lies at: undefined else (1 / 0)
param "pick" {
  value = "evaluated-when-needed"
}

test {
  rules = {
    main = false
  }
}
