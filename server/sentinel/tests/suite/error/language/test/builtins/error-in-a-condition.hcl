# The error lies at: true and error("stop")
param "pick" {
  value = "error-in-a-condition"
}

test {
  rules = {
    main = false
  }
}
