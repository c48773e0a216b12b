# The error lies at: lists.sort([2, 1], 1)
param "pick" {
  value = "sort-without-function"
}

test {
  rules = {
    main = false
  }
}
