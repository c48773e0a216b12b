# A rule that nobody read counts as a failure, even though it would be true.
param "names" {
  value = ["a", "b"]
}

test {
  rules = {
    main  = true
    never = true
  }
}
