# The error lies at: time.load(undefined)
param "pick" {
  value = "load-undefined"
}

test {
  rules = {
    main = false
  }
}
