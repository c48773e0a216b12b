# The error lies at: compare([1], [2])
param "pick" {
  value = "compare-lists"
}

test {
  rules = {
    main = false
  }
}
