# The error lies at: time.load("yesterday")
param "pick" {
  value = "load-garbage"
}

test {
  rules = {
    main = false
  }
}
