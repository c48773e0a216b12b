# The error lies at: sockaddr.is_contained(undefined, "10.0.0.1")
param "pick" {
  value = "contained-undefined"
}

test {
  rules = {
    main = false
  }
}
