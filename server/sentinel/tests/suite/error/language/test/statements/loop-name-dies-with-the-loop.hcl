# The error lies at: return turn
param "pick" {
  value = "loop-name-dies-with-the-loop"
}

test {
  rules = {
    main = false
  }
}
