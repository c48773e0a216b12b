# The error lies at: time.load([])
param "pick" {
  value = "load-list"
}

test {
  rules = {
    main = false
  }
}
