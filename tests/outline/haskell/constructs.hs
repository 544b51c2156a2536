{-# LANGUAGE X #-}
-- | module doc
module Data.Foo (bar, Baz(..)) where
import qualified Data.Map as M
-- | Doc of bar
-- more
bar :: Int -> Int
bar 0 = 1
bar n | n > 1 = go n
      | otherwise = 2
  where go x = x
x <+> y = x
infixl 6 <+>
data Baz a = One Int | Two { f1 :: Int, f2 :: a } deriving (Show)
newtype N = N { unN :: Int }
type Al = Int
class Show a => C a where
  meth :: a -> Int
  meth _ = 1
instance C Baz where
  meth (One x) = x
type family F a
k = 3
data G where
  GA :: Int -> G
main :: IO ()
main = do
  print 1
