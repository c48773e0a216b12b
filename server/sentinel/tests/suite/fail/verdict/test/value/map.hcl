param "value" {
  value = { "aws_instance.web" = [] }
}
