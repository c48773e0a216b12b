# The error lies at: contains "owner"
mock "tfplan/v2" {
  data = {
    resource_changes = {
      "aws_instance.a" = { change = { after = { tags = null } } }
    }
  }
}

test {
  rules = {
    main = false
  }
}
