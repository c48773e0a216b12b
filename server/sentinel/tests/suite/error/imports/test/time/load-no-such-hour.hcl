# The error lies at: time.load("2019-02-20T24:00:00Z")
param "pick" {
  value = "load-no-such-hour"
}

test {
  rules = {
    main = false
  }
}
