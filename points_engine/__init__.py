"""The rules of Puhui: methods, quantities, ledger, verification, campaigns and rankings, without I/O."""
