# The error lies at: sockaddr.is_contained("10.0.0.0/8", 10)
param "pick" {
  value = "contained-int"
}

test {
  rules = {
    main = false
  }
}
