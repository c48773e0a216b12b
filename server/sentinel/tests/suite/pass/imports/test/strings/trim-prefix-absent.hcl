param "pick" {
  value = "trim-prefix-absent"
}

test {
  rules = {
    kind  = "string"
    found = "aws_instance"
  }
}
