# The error lies at: time.load("2019-02-30T00:00:00Z")
param "pick" {
  value = "load-no-such-day"
}

test {
  rules = {
    main = false
  }
}
