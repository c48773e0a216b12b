# The error lies at: lists.sum(["a"])
param "pick" {
  value = "sum-strings"
}

test {
  rules = {
    main = false
  }
}
